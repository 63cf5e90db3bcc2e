import type { LiveClient } from '@binnacle/client';
import { faultOfRefusal, type Fault } from '../../transport/faults';
import { decodePipeline } from '../../transport/pipeline';
import { withRates, type Pipeline, type Rates } from './pipeline';

/** The pipeline as it stands, told live. */
export class Flowing {
  pipeline = $state.raw<Pipeline | null>(null);
  /** Since somebody looks. */
  rates = $state.raw<Rates>(new Map());
  fault = $state.raw<Fault | null>(null);
  private readonly live: LiveClient;

  constructor(live: LiveClient) {
    this.live = live;
  }

  /** Starts to listen; the function returned ends it. */
  start(): () => void {
    const subscription = this.live.subscribe(
      { room: 'pipeline' },
      {
        pipeline: (told) => {
          this.pipeline = decodePipeline(told);
          this.rates = withRates(this.rates, this.pipeline);
          this.fault = null;
        },
        error: (error) => (this.fault = faultOfRefusal(error)),
      },
    );
    return () => subscription.close();
  }
}
