/** The Zapier app of Leadlatch. */

import { createRequire } from 'node:module';

import zapier, { defineApp } from 'zapier-platform-core';

import { authentication } from './authentication.js';
import { createLead } from './create_lead.js';
import { dropdowns } from './dropdowns.js';
import { findLead } from './find_lead.js';
import { explain } from './problem.js';
import { presentKey } from './server.js';
import { leadCreated, leadStatusChanged, leadUpdated } from './triggers.js';
import { updateLead } from './update_lead.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

export default defineApp({
  version,
  platformVersion: zapier.version,
  authentication,
  beforeRequest: [presentKey],
  afterResponse: [explain],
  triggers: {
    [leadCreated.key]: leadCreated,
    [leadUpdated.key]: leadUpdated,
    [leadStatusChanged.key]: leadStatusChanged,
    ...dropdowns,
  },
  creates: { [createLead.key]: createLead, [updateLead.key]: updateLead },
  searches: { [findLead.key]: findLead },
  searchOrCreates: {
    [findLead.key]: {
      key: findLead.key,
      display: {
        label: 'Find or Create Lead',
        description: 'Finds a lead by email, phone or reference, or creates a new lead.',
      },
      search: findLead.key,
      create: createLead.key,
    },
  },
});
