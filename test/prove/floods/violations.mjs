/** What must never be, whatever the machine: nothing of it is about time, but that nobody waits for an answer for ever. */
export function violationsOf({ holds, hasToRefuse }, quota, quiet, flooded) {
  const violations = [];
  if (quiet.foreign > 0 || flooded?.foreign > 0) violations.push('an answer was another tenant’s');
  if (holds && quiet.refused > 0) violations.push(`the quiet tenant was refused ${quiet.refused} times`);
  // Whom nobody refuses may get no answer at all, or an error.
  const unserved = quiet.requests - quiet.served - quiet.refused;
  if (holds && unserved > 0) violations.push(`${unserved} of the quiet tenant’s requests had no answer, or an error`);
  if (holds && (flooded?.statuses[200] ?? 0) > quota) violations.push(`the flood had more than its ${quota} answers`);
  if (holds && !flooded?.statuses[429]) violations.push('the flood was not refused');
  if (hasToRefuse && quiet.refused === 0) violations.push('the control, which has to refuse the victim, did not');
  return violations;
}
