/** The action that creates a lead. */

import type { Bundle, Create, ZObject } from 'zapier-platform-core';

import type { components } from './api.js';
import * as customFields from './custom_fields.js';
import { outputFields, sample } from './lead.js';
import { bodyOf, toCreate } from './lead_input.js';
import { call } from './server.js';

const perform = (z: ZObject, bundle: Bundle): Promise<components['schemas']['LeadBody']> =>
  call(z, bundle, '/leads', { method: 'POST', body: bodyOf(bundle.inputData, toCreate) });

export const createLead = {
  key: 'create_lead',
  noun: 'Lead',
  display: { label: 'Create Lead', description: 'Creates a new lead.' },
  operation: {
    inputFields: [...toCreate, customFields.toCreate],
    perform,
    sample,
    outputFields: [...outputFields, customFields.toShow],
  },
} satisfies Create;
