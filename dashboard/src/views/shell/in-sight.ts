import type { Attachment } from 'svelte/attachments';

/** Where a row of links has no room for all, the one of what is `shown` is in sight. */
export function inSight(shown: unknown): Attachment<HTMLElement> {
  return (row) => {
    void shown;
    row.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  };
}
