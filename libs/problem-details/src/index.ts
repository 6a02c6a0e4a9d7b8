export { IfMatch } from './if-match.js';
export { ProblemException } from './problem.exception.js';
export type { FieldError } from './problem.exception.js';
export { ProblemFilter } from './problem.filter.js';
export { RequestDeadlines } from './request-deadlines.js';
export { validationPipe } from './validation.js';
