/** A text message that the SMS catcher accepted. */
export interface CaughtSms {
  readonly sid: string;
  readonly accountSid: string;
  readonly to: string;
  /** Null when the messaging service chooses the sender. */
  readonly from: string | null;
  readonly messagingServiceSid: string | null;
  readonly body: string;
  readonly created: Date;
}
