/** How an event is marked: trouble, a change that may explain trouble, or neither. */
export type Tone = 'bad' | 'change' | 'plain';

const TROUBLE = /error|alert|fail|crash|incident|exception/i;
const CHANGE = /deploy|release|rollback|config|migration|restart/i;

export function tone(type: string): Tone {
  if (TROUBLE.test(type)) return 'bad';
  return CHANGE.test(type) ? 'change' : 'plain';
}
