/** Parts of the admin view, and how the address says which one is shown. */

export const SECTIONS = ['keys', 'tenants', 'retention', 'deletion', 'usage', 'connections', 'audit'] as const;
export type Section = (typeof SECTIONS)[number];

export const NAMES: Readonly<Record<Section, string>> = {
  keys: 'API keys',
  tenants: 'Tenants and limits',
  retention: 'Retention',
  deletion: 'Deletion',
  usage: 'Usage',
  connections: 'Connections',
  audit: 'Audit log',
};

export function readSection(params: URLSearchParams): Section {
  return SECTIONS.find((section) => section === params.get('show')) ?? 'keys';
}

/** An address of a part, whatever else the address says. */
export function paramsOf(section: Section, others: Readonly<Record<string, string>> = {}): URLSearchParams {
  return new URLSearchParams({ show: section, ...others });
}
