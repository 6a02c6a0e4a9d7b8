export const median = (numbers) => quantile(numbers, 0.5);

/** The smallest number that at least this share of them do not exceed. */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

export const rounded = (number, digits = 2) => Number(number.toFixed(digits));
