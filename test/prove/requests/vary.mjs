/** Which of these headers of a request an answer does not name in its `Vary`. */
export function missingInVary(head, names) {
  const told = /^vary: (.*)$/im.exec(head)?.[1].toLowerCase().split(/, */) ?? [];
  return names.filter((name) => !told.includes(name.toLowerCase()));
}
