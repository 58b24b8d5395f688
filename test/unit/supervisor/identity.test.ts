import { expect, test } from 'vitest';
import { resolveIdentity } from '../../../dist/supervisor/identity.js';

test('without --user and --group, workers run as who runs zdlb', async () => {
  expect(await resolveIdentity({}, 1_000)).toBeUndefined();
  expect(await resolveIdentity({}, 0)).toBeUndefined();
});

test.each([
  [{ user: 'daemon' }, '--user daemon'],
  [{ group: 'daemon' }, '--group daemon'],
  [{ user: '1', group: '1' }, '--user 1'],
])('only root may use %j', async (wanted, option) => {
  await expect(resolveIdentity(wanted, 1_000)).rejects.toMatchObject({
    code: 'usage',
    message: `Cannot use ${option}: only root may run workers as somebody else`,
  });
});

test('a name is looked up with its group and home, a number too where somebody has it', async () => {
  const root = { uid: 0, gid: 0, variables: { HOME: '/root', USER: 'root', LOGNAME: 'root' } };
  expect(await resolveIdentity({ user: 'root' }, 0)).toEqual(root);
  expect(await resolveIdentity({ user: '0' }, 0)).toEqual(root);
});

test('numbers are taken as they are; the home of nobody known is not told', async () => {
  expect(await resolveIdentity({ user: '4321', group: '1234' }, 0)).toEqual({
    uid: 4_321,
    gid: 1_234,
    variables: { HOME: undefined, USER: undefined, LOGNAME: undefined },
  });
  expect(await resolveIdentity({ group: '1234' }, 0)).toEqual({ uid: 0, gid: 1_234, variables: undefined });
});

test('who is not there is a mistake of the user, named', async () => {
  await expect(resolveIdentity({ user: 'nosuchuser' }, 0)).rejects.toMatchObject({ code: 'usage' });
  await expect(resolveIdentity({ group: 'nosuchgroup' }, 0)).rejects.toMatchObject({ code: 'usage' });
  await expect(resolveIdentity({ user: '4321' }, 0)).rejects.toThrow('give --group too');
});
