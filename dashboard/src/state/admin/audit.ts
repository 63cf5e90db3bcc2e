/** Who did what, and which of it is shown. */

export interface AuditRecord {
  /** Its own within a list. */
  readonly key: string;
  readonly at: number;
  /** What was changed, such as `tenant`, and which one; the latter may be empty. */
  readonly kind: string;
  readonly id: string;
  /** What was done, such as `create`. */
  readonly action: string;
  /** Empty where nobody was named. */
  readonly subject: string;
  readonly roles: readonly string[];
  /** Id of the credential; may be empty. */
  readonly credential: string;
  /** `package.Service/Method`. */
  readonly method: string;
  readonly requestId: string;
  /** What holds from then on, or what was asked for. */
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What is empty matches everything. */
export interface AuditFilter {
  readonly kind: string;
  readonly action: string;
  readonly subject: string;
  readonly id: string;
  readonly text: string;
  /** One's own where it is empty. */
  readonly tenant: string;
}

const WORDS = ['kind', 'action', 'subject', 'id', 'text', 'tenant'] as const satisfies readonly (keyof AuditFilter)[];

export function readAuditFilter(params: URLSearchParams): AuditFilter {
  return Object.fromEntries(WORDS.map((word) => [word, params.get(word) ?? ''])) as unknown as AuditFilter;
}

export function writeAuditFilter(filter: AuditFilter, params: URLSearchParams): void {
  for (const word of WORDS) if (filter[word]) params.set(word, filter[word]);
}

/** `SetRule` of `binnacle.alerting.v1.RuleService/SetRule`. */
export function callOf({ method }: AuditRecord): string {
  return method.slice(method.lastIndexOf('/') + 1);
}
