import { Code, ConnectError } from '@connectrpc/connect';
import { poll, type Polling } from '../transport/polling';

/** What a credential can open; see docs/security.md. */
export type Role = 'viewer' | 'responder' | 'editor' | 'admin' | 'ingester';

/** Who looks at the page, as the credential says. */
export interface Who {
  /** Whether anybody has to sign in here; where nobody has, everybody holds every role. */
  readonly authenticated: boolean;
  readonly tenant: string;
  /** Empty where the credential names nobody. */
  readonly subject: string;
  /** Id of the credential; may be empty. */
  readonly key: string;
  /** As the credential names them. */
  readonly roles: readonly string[];
  /** Every role that these open. */
  readonly held: readonly string[];
  /** When the credential ends; null for never. */
  readonly endsAt: number | null;
}

/** What is asked of the suite. */
export interface CallerSource {
  who(signal: AbortSignal): Promise<Who>;
  /** Keeps a token or a key for all that this browser asks from now on. */
  signIn(token: string): Promise<void>;
}

/** What is asked of the browser. */
export interface CallerPage {
  /** Throws away what was kept for first paints. */
  forget(): void;
  reload(): void;
  go(address: string): void;
  /** Tells the other pages of this browser. */
  tell(what: Turn): void;
  /** Calls back when another page told something; the function returned ends that. */
  onTold(listener: (what: Turn) => void): () => void;
}

/** Somebody signed in, or out. */
export type Turn = 'in' | 'out';

/** The tenant whose administrators look after the whole installation. */
const INSTALLATION = 'default';
const SIGN_OUT = '/sign-out';
/** Who is signed in may be another one, or nobody, where no stream says so. */
const EVERY_MS = 60_000;
/** Without a credential that holds, or with one that is for sending alone. */
const REFUSALS: readonly Code[] = [Code.Unauthenticated, Code.PermissionDenied];

/** Who looks at the page. What they may not do is not offered: `{#if caller.may('editor')}`. */
export class Caller {
  /** Null until it is known. */
  who = $state.raw<Who | null>(null);
  /** Whether nothing is answered before somebody signs in. */
  signedOut = $state(false);
  /** Whether that is so because who is signed in may not even look. */
  lacking = $state(false);
  /** Why nobody is signed in, as the edge or a service says; null while somebody is. */
  refusal = $state.raw<ConnectError | null>(null);
  /** Rises when somebody is back: what was refused meanwhile is then asked anew. */
  turn = $state(0);
  private polling: Polling | null = null;
  private readonly source: CallerSource;
  private readonly page: CallerPage;

  constructor(source: CallerSource, page: CallerPage) {
    this.source = source;
    this.page = page;
  }

  /** Starts to ask; the function returned ends it. */
  start(): () => void {
    this.polling = poll((signal) => this.ask(signal), EVERY_MS);
    const unheard = this.page.onTold((what) => this.hear(what));
    return () => {
      this.polling?.stop();
      unheard();
    };
  }

  /** Whether somebody who looks at this page may do what needs a role; nobody may before it is known. */
  may(role: Role): boolean {
    return this.who?.held.includes(role) ?? false;
  }

  /** Whether they look after all tenants. */
  get runsInstallation(): boolean {
    return this.may('admin') && this.who?.tenant === INSTALLATION;
  }

  /** Asks now: something was refused, or answers again. */
  again(): void {
    this.polling?.again();
  }

  /** Raises ConnectError for what lets nobody in. */
  async signIn(token: string): Promise<void> {
    await this.source.signIn(token);
    const who = await this.source.who(AbortSignal.timeout(EVERY_MS));
    this.page.tell('in');
    this.welcome(who);
  }

  /** Leaves nothing of what was shown in this browser. */
  signOut(): void {
    this.page.forget();
    this.page.go(SIGN_OUT);
  }

  private async ask(signal: AbortSignal): Promise<void> {
    try {
      this.welcome(await this.source.who(signal));
    } catch (error) {
      const refusal = ConnectError.from(error);
      if (!REFUSALS.includes(refusal.code)) throw error;
      this.refusal = refusal;
      this.lacking = refusal.code === Code.PermissionDenied;
      // Of one who signed out the other pages learn from the page that comes next: only then the cookies are gone.
      if (this.who === null && !this.signedOut) this.page.tell('out');
      this.signedOut = true;
    }
  }

  /** Who comes back goes on where they were; for another one everything is new. */
  private welcome(who: Who): void {
    const former = this.who;
    if (former === null ? this.signedOut : former.tenant !== who.tenant || former.subject !== who.subject) {
      this.page.forget();
      return this.page.reload();
    }
    this.who = who;
    this.refusal = null;
    if (this.signedOut) this.turn += 1;
    this.signedOut = false;
  }

  private hear(what: Turn): void {
    if (what === 'in') this.again();
    // Its stream ends with it.
    else if (this.who !== null) this.page.reload();
  }
}
