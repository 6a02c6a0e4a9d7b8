import { Injectable } from '@nestjs/common';
import type { Channel, Template } from 'communication-schema';
import { TenantConfigService } from 'nestjs-tenancy';
import { ProblemException } from 'problem-details';
import type { FieldError } from 'problem-details';
import type { Settings } from '../settings/settings.js';
import { missingVariables, render } from '../templates/render.js';
import { TemplatesService } from '../templates/templates.service.js';
import type { CreateMessage } from './message.schemas.js';
import { recipientIssue } from './message.schemas.js';
import {
  BODY_TOO_LONG,
  bodyText,
  contentIssues,
  MAX_BODY_BYTES,
  MAX_SUBJECT_CHARACTERS,
  SUBJECT_TOO_LONG,
  subjectText,
} from './text.js';

/** How many of the missing variables are named: a template may have thousands. */
const MAX_TOLD = 20;

/** What a message says, whether it was written or made from a template. */
export interface MessageContent {
  readonly channel: Channel;
  readonly subject: string | null;
  readonly body: string;
  readonly templateId: string | null;
}

/** Makes the text of a message, or refuses it before anything is stored. */
@Injectable()
export class MessageContents {
  constructor(
    private readonly templates: TemplatesService,
    private readonly settings: TenantConfigService<Settings>,
  ) {}

  /** Throws a `ProblemException` that says what to change. */
  async of(request: CreateMessage): Promise<MessageContent> {
    const content = request.templateId === undefined ? written(request) : await this.fromTemplate(request);
    this.assertChannel(content.channel);
    return content;
  }

  private async fromTemplate(request: CreateMessage): Promise<MessageContent> {
    const template = await this.templates.get(request.templateId!);
    const { channel } = template;
    const variables = request.variables ?? {};
    if (request.channel !== undefined && request.channel !== channel) {
      throw invalid([{ key: 'channel', message: `The template is for ${channel}. Leave the channel out.` }]);
    }
    const recipient = recipientIssue(channel, request.to);
    if (recipient) throw invalid([{ key: 'to', message: recipient }]);
    assertVariables(template, variables);
    const subject = template.subject === null ? null : render(template.subject, variables, MAX_SUBJECT_CHARACTERS);
    // A character has a byte at least: what this lets through is measured in bytes, and is not much more.
    const body = render(template.body, variables, MAX_BODY_BYTES);
    if (subject === undefined) throw invalid([withVariables('subject', SUBJECT_TOO_LONG)]);
    if (body === undefined) throw invalid([withVariables('body', BODY_TOO_LONG)]);
    const issues = renderedIssues(channel, subject, body);
    if (issues.length > 0) throw invalid(issues);
    return { channel, subject, body, templateId: template.id };
  }

  private assertChannel(channel: Channel): void {
    const sender = channel === 'email' ? 'email.from' : 'sms.senderId';
    if (this.settings.get(`${channel}.enabled`) === false) {
      throw new ProblemException(409, 'CHANNEL_DISABLED', `Set "${channel}.enabled" to true with PATCH /config first.`);
    }
    if (this.settings.get(sender) === undefined) {
      throw new ProblemException(409, 'SENDER_MISSING', `Set "${sender}" with PATCH /config first.`);
    }
  }
}

function written({ channel, subject, body }: CreateMessage): MessageContent {
  return { channel: channel!, subject: subject ?? null, body: body!, templateId: null };
}

function assertVariables({ id, subject, body }: Template, variables: CreateMessage['variables']): void {
  const missing = missingVariables([subject ?? '', body], variables ?? {});
  if (missing.length === 0) return;
  const first = missing.slice(0, MAX_TOLD);
  const more = missing.length > MAX_TOLD ? ` and ${missing.length - MAX_TOLD} more` : '';
  throw new ProblemException(
    400,
    'TEMPLATE_VARIABLE_MISSING',
    `The template "${id}" needs these variables too: ${first.join(', ')}${more}.`,
    first.map((name) => ({ key: `variables.${name}`, message: 'The template needs it.' })),
  );
}

/** A value may have brought a line break into the subject, or made the text too long. */
function renderedIssues(channel: Channel, subject: string | null, body: string): FieldError[] {
  const found: FieldError[] = contentIssues({ channel, body, ...(subject === null ? {} : { subject }) });
  const check = (key: string, result: { error?: { issues: ReadonlyArray<{ message: string }> } }) =>
    result.error?.issues.forEach(({ message }) => found.push(withVariables(key, message)));
  if (subject !== null) check('subject', subjectText.safeParse(subject));
  check('body', bodyText.safeParse(body));
  return found;
}

function withVariables(key: string, message: string): FieldError {
  return { key, message: `With its variables: ${message}` };
}

function invalid(errors: readonly FieldError[]): ProblemException {
  return new ProblemException(400, 'VALIDATION_FAILED', 'The request is not valid; `errors` names each field.', errors);
}
