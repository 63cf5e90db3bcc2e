import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { faultOfCredential, faultOfSignIn } from '../../src/transport/faults';

const told = (message: string, code = Code.Unauthenticated): string | undefined => faultOfCredential(new ConnectError(message, code))?.title;

describe('a credential that does not hold', () => {
  it('is told with why, and what to do', () => {
    expect(told('Jwt is expired: send a token that holds')).toBe('Your sign-in has expired');
    expect(told('Audiences in Jwt are not allowed', Code.PermissionDenied)).toBe('Your sign-in was made for something else');
    expect(told('the call carries no tenant; send a token through the edge')).toBe('Your sign-in names no tenant');
    expect(faultOfCredential(new ConnectError('the key was revoked', Code.Unauthenticated))).toEqual({
      title: 'Your sign-in does not hold',
      advice: 'The key was revoked. Ask who runs Binnacle here.',
    });
  });

  it('is told to people without what programs are to send', () => {
    const refused = new ConnectError('Jwt header is an invalid JSON: send a token that holds, as the header', Code.Unauthenticated);
    expect(faultOfSignIn(refused).advice).toBe('Jwt header is an invalid JSON.');
  });

  it('is none where there is none, or where its roles do not do', () => {
    expect(told('Jwt is missing')).toBeUndefined();
    expect(told('this needs the role viewer', Code.PermissionDenied)).toBeUndefined();
  });
});
