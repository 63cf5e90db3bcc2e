import { expect, it } from 'vitest';
import { stepOf } from '../../../src/transport/alerting/history';

it('reads a step as it was recorded', () => {
  const data = { alert_id: 'a1', rule_id: 'slow', name: 'Slow', what: 'firing', severity: 'critical', value: 7, threshold: 5, labels: { service: 'shop' }, alert: { started_at: 1.5, fired_at: 2 } };
  expect(stepOf(2_000, data)).toEqual({
    at: 2_000,
    alertId: 'a1',
    ruleId: 'slow',
    name: 'Slow',
    what: 'firing',
    severity: 'critical',
    value: 7,
    threshold: 5,
    group: 'service shop',
    person: '',
    comment: '',
    startedAt: 1_500,
    firedAt: 2_000,
  });
});

it('leaves out what somebody else has sent as an alert', () => {
  expect(stepOf(0, { message: 'the roof is on fire' })).toBeNull();
  expect(stepOf(0, { alert_id: 5, what: null })).toBeNull();
});
