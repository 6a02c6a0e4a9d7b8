export interface MailAddress {
  readonly name: string;
  readonly address: string;
}

export interface MailAttachment {
  readonly partId: string;
  readonly fileName: string;
  readonly contentType: string;
  readonly contentId: string;
  /** Part of the HTML, such as a picture in it. */
  readonly inline: boolean;
  readonly size: number;
}

/** A mail that the mail catcher accepted. */
export interface CaughtMail {
  readonly id: string;
  /** Without the angle brackets. */
  readonly messageId: string;
  readonly from: MailAddress;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  /** With those that only the envelope names. */
  readonly bcc: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  /** The envelope's sender. */
  readonly returnPath: string;
  readonly subject: string;
  /** When it was caught. */
  readonly created: Date;
  /** What its `Date` header says. */
  readonly date: Date;
  readonly text: string;
  /** Empty when it has none. */
  readonly html: string;
  readonly attachments: readonly MailAttachment[];
  /** Of the message as it was sent, in bytes. */
  readonly size: number;
  /** Whether somebody has looked at it. */
  read: boolean;
}
