/** One line on a terminal that is written over; nothing where nobody looks. */
export function createProgress() {
  const { stderr } = process;
  if (!stderr.isTTY) return { show: () => undefined, clear: () => undefined };
  return {
    show: (text) => stderr.write(`\r\x1b[K${text}`),
    clear: () => stderr.write('\r\x1b[K'),
  };
}

export const grouped = (number) => Math.floor(number).toLocaleString('en-US');
