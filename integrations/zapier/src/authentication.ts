/** A connection: the address of a server and an access key. */

import type { Authentication, Bundle, ZObject } from 'zapier-platform-core';

import type { components } from './api.js';
import { call } from './server.js';

const test = async (z: ZObject, bundle: Bundle): Promise<object> => {
  const found = await call<Partial<components['schemas']['Whoami']> | undefined>(z, bundle, '/whoami');
  if (!found?.key || !found.account) {
    throw new z.errors.Error('This address does not answer as a Leadlatch server does.', 'NotLeadlatch', 422);
  }
  return { accountName: found.account.name, keyName: found.key.name, kind: found.key.kind };
};

/** Each operator has a server of their own, so whoever publishes the app names the help page that it links to. */
export function help(url: string | undefined): string {
  return url ? `[How to connect](${url})` : 'How to connect stands on your own server under `/help/zapier`.';
}

export const authentication = {
  type: 'custom',
  test,
  fields: [
    {
      key: 'server',
      label: 'Server Address',
      type: 'string',
      required: true,
      helpText: 'The address of your Leadlatch: https and the host alone, such as `https://leads.example.com`.',
    },
    {
      key: 'key',
      label: 'Access Key',
      type: 'password',
      required: true,
      helpText:
        'Made in Leadlatch under Settings, Configuration, Access Keys, and shown there once. A partner is given one. ' +
        help(process.env['LEADLATCH_HELP_URL']),
    },
  ],
  connectionLabel: '{{accountName}}: {{keyName}} ({{kind}} key)',
} satisfies Authentication;
