export type Variables = Readonly<Record<string, string | number | boolean>>;

/** The name of a variable, as it stands between the braces. */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
const PLACEHOLDER = /\{\{\s*([A-Za-z_][A-Za-z0-9_.-]{0,63})\s*\}\}/g;

/**
 * Puts values in the place of `{{name}}`, in one pass: what a value contains is never read as a template. It evaluates
 * nothing, and knows the variables' own keys only. `undefined` where it would have more than so many characters: a short
 * text that names a long value often is measured, and never made.
 */
export function render(text: string, variables: Variables, maxLength: number): string | undefined {
  if (renderedLength(text, variables) > maxLength) return undefined;
  return text.replace(PLACEHOLDER, (placeholder, name: string) =>
    Object.hasOwn(variables, name) ? String(variables[name]) : placeholder,
  );
}

function renderedLength(text: string, variables: Variables): number {
  let length = text.length;
  for (const [placeholder, name] of text.matchAll(PLACEHOLDER)) {
    if (Object.hasOwn(variables, name)) length += String(variables[name]).length - placeholder.length;
  }
  return length;
}

/** The variables that texts ask for and that are not given. */
export function missingVariables(texts: readonly string[], variables: Variables): string[] {
  const names = texts.flatMap((text) => [...text.matchAll(PLACEHOLDER)].map(([, name]) => name));
  return [...new Set(names)].filter((name) => !Object.hasOwn(variables, name));
}

/** Whether each `{{` begins a variable; a mistyped one would be sent as it is. */
export function isTemplateText(text: string): boolean {
  return !text.replace(PLACEHOLDER, '').includes('{{');
}
