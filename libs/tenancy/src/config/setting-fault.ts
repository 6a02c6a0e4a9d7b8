/** What is wrong with one setting. The message is shown: it never has the value of a secret in it. */
export interface SettingIssue {
  readonly key: string;
  readonly message: string;
}

/** Thrown and caught within this folder: it becomes a `SettingIssue` of the setting that is being read or stored. */
export class SettingFault extends Error {}
