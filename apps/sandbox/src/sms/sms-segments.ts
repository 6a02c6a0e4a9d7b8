const GSM_7 =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
/** Each of these takes the place of two. */
const GSM_7_EXTENSION = '\f^{}\\[~]|€';

/** How many text messages `body` is sent as, and billed for: 160 characters (153 each of several), or 70 (67). */
export function countSegments(body: string): number {
  let septets = 0;
  for (const character of body) {
    if (GSM_7.includes(character)) septets += 1;
    else if (GSM_7_EXTENSION.includes(character)) septets += 2;
    else return segments(body.length, 70, 67);
  }
  return segments(septets, 160, 153);
}

function segments(length: number, alone: number, ofSeveral: number): number {
  return length <= alone ? 1 : Math.ceil(length / ofSeveral);
}
