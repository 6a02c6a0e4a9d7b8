import type { Template } from 'communication-schema';
import { z } from 'zod';
import { pageLimit } from '../lists/page.js';
import { bodyText, channel, contentIssues, subjectText } from '../messages/text.js';
import { isTemplateText } from './render.js';

const BRACES = 'Each {{ begins a variable such as {{name}}: letters, digits, "_", "-" and ".".';

export const templateId = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/, '1 to 64 lower-case letters, digits, "-" or "_".')
  .meta({ example: 'welcome' });

/** What `POST /templates` takes. */
export const createTemplate = z
  .strictObject({
    id: templateId,
    channel,
    subject: subjectText.refine(isTemplateText, BRACES).optional(),
    body: bodyText.refine(isTemplateText, BRACES),
  })
  .superRefine((template, context) => {
    for (const { key, message } of contentIssues(template)) context.addIssue({ code: 'custom', path: [key], message });
  })
  .meta({ example: { id: 'welcome', channel: 'email', subject: 'Welcome, {{name}}', body: 'Hello {{name}}!' } });

export type CreateTemplate = z.output<typeof createTemplate>;

/** The query of `GET /templates`. Not strict: `tenant_id` may stand there too. */
export const listTemplates = z.object({
  limit: pageLimit,
  cursor: templateId.optional().describe('`next` of the page before.'),
});

export type ListTemplates = z.output<typeof listTemplates>;

const summary = z.object({
  id: z.string(),
  channel,
  subject: z.string().nullable(),
  createdAt: z.iso.datetime(),
});

export type TemplateSummary = Pick<Template, keyof z.output<typeof summary>>;

export const templateView = summary.extend({ body: z.string() });
export const templateList = z.object({
  templates: z.array(summary),
  next: z.string().optional().describe('The cursor of the next page; absent on the last one.'),
});
