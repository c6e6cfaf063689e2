// Every page and state that a person sees: what is held to axe, to the keyboard and to 360 px, and what is photographed.
import { visitor } from './browser.js'
import { member, password, signIn, signInCarefully } from './world.js'

const keys = '/settings/configuration/access-keys'
const hooks = '/settings/configuration/webhooks'

/** Follows a link that opens a dialog. */
const dialog = (name) => async (page) => {
  await page.getByRole('link', { name }).first().click()
  await page.getByRole('dialog').waitFor()
}

/** Selects two keys and asks for their deletion. */
async function selectTwo(page) {
  for (const name of ['Select Reports', 'Select Turning']) await page.getByRole('checkbox', { name, exact: true }).first().check()
  await page.getByRole('button', { name: /^Delete selected/ }).click()
  await page.getByRole('dialog').waitFor()
}

/** Makes a key: the dialog that shows its secret, once. */
async function makeOne(page) {
  await page.getByRole('checkbox', { name: /Read leads/ }).check()
  await page.getByRole('button', { name: 'Create Key' }).last().click()
  await page.getByRole('textbox', { name: 'The key' }).waitFor()
}

/** The pages of an account in use. `open` brings a page into a state. */
export const pagesOf = (world) => [...keyPages(world), ...hookPages(world), ...partnerPages(world), ...otherPages(world)]

const keyPages = ({ north, full, zap, old, turning }) => [
  { name: 'keys', path: keys },
  { name: 'keys-access', path: keys, open: (page) => page.locator('details.popover > summary').first().click() },
  { name: 'keys-menu', path: keys, open: (page) => page.locator('details.menu > summary').first().click() },
  { name: 'keys-none-found', path: `${keys}?q=nothing-is-called-this` },
  { name: 'keys-deleted', path: `${keys}?status=deleted` },
  { name: 'keys-delete-dialog', path: keys, open: dialog('Delete Back office') },
  { name: 'keys-delete-selected-dialog', path: keys, open: selectTwo },
  { name: 'keys-delete-selected', path: `${keys}/delete?id=${full.id}&id=${zap.id}` },
  { name: 'key-add', path: `${keys}/add` },
  { name: 'key-add-full', path: `${keys}/add?kind=full` },
  { name: 'key-add-partner', path: `${keys}/add?kind=partner&partner=${north.id}` },
  { name: 'key-add-error', path: `${keys}/add?kind=full`, open: (page) => page.getByRole('button', { name: 'Create Key' }).last().click() },
  { name: 'key-secret-dialog', path: `${keys}/add?kind=partner&partner=${north.id}`, open: makeOne },
  { name: 'key-full', path: `${keys}/${full.id}` },
  { name: 'key-partner', path: `${keys}/${zap.id}` },
  { name: 'key-deleted', path: `${keys}/${old.id}` },
  { name: 'key-rotating', path: `${keys}/${turning.id}` },
  { name: 'key-delete', path: `${keys}/${full.id}/delete` },
  { name: 'key-rotate', path: `${keys}/${zap.id}/rotate` },
  { name: 'key-rotate-dialog', path: `${keys}/${zap.id}`, open: dialog('Rotate') },
  { name: 'key-edit', path: `${keys}/${full.id}/edit` },
]

const hookPages = ({ hook, delivery }) => [
  { name: 'webhooks', path: hooks },
  { name: 'webhook-add', path: `${hooks}/add` },
  { name: 'webhook', path: `${hooks}/${hook.id}` },
  { name: 'webhook-delivery', path: `${hooks}/${hook.id}/deliveries/${delivery.id}` },
  { name: 'webhook-delete', path: `${hooks}/${hook.id}/delete` },
]

const partnerPages = ({ north }) => [
  { name: 'partners', path: '/partners' },
  { name: 'partners-none-found', path: '/partners?q=nobody-is-called-this' },
  { name: 'partner', path: `/partners/${north.id}` },
  { name: 'partner-new', path: '/partners/new' },
  { name: 'partner-new-error', path: '/partners/new', open: refusedPartner },
  { name: 'partner-edit', path: `/partners/${north.id}/edit` },
  { name: 'partner-deactivate', path: `/partners/${north.id}/deactivate` },
  { name: 'partner-delete', path: `/partners/${north.id}/delete` },
]

const topics = ['what-a-key-is', 'which-key', 'sending-a-key', 'ending-a-key', 'moving-an-integration', 'zapier', 'zapier-for-partners']

const otherPages = ({ person }) => [
  { name: 'home', path: '/' },
  { name: 'settings', path: '/settings' },
  { name: 'users', path: '/settings/users' },
  { name: 'user', path: `/settings/users/${person.id}` },
  { name: 'user-invite', path: '/settings/users/new' },
  { name: 'user-invite-error', path: '/settings/users/new', open: refusedUser },
  { name: 'user-delete-dialog', path: '/settings/users', open: dialog('Delete Max Member') },
  { name: 'account', path: '/account' },
  { name: 'account-email', path: '/account/email' },
  { name: 'account-password', path: '/account/password' },
  { name: 'authenticator', path: '/account/authenticator' },
  { name: 'confirm', path: '/confirm' },
  { name: 'audit-trail', path: '/audit-trail' },
  { name: 'audit-trail-entry', path: '/audit-trail?entry=5' },
  { name: 'help', path: '/help' },
  { name: 'help-access', path: '/help/access' },
  { name: 'help-errors', path: '/help/errors' },
  ...topics.map((topic) => ({ name: `help-${topic}`, path: `/help/${topic}` })),
  { name: 'help-try', path: '/help/moving-an-integration/try' },
  { name: 'not-found', path: '/nothing-is-here' },
]

/** The pages before signing in. */
export const outside = [
  { name: 'sign-in', path: '/sign-in' },
  { name: 'sign-in-refused', path: '/sign-in', open: signInWrongly },
  { name: 'link-over', path: '/link/0000000000000000000000000000000000000000' },
]

async function signInWrongly(page) {
  await page.getByLabel('E-mail').fill('nobody@acme.example')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
}

/** The pages of a member, who reaches no configuration. */
const memberPages = [
  { name: 'member-home', path: '/' },
  { name: 'member-account', path: '/account' },
  { name: 'member-refused', path: keys },
]

/** The pages that ask for the password and the code of the authenticator app again. */
const carefulPages = ({ full, person }) => [
  { name: 'careful-account', path: '/account' },
  { name: 'careful-confirm', path: '/account/email' },
  { name: 'careful-key-add-full', path: `${keys}/add?kind=full` },
  { name: 'careful-key-rotate', path: `${keys}/${full.id}/rotate` },
  { name: 'careful-user-again', path: `/settings/users/${person.id}?name=Max&role=admin&active=yes` },
]

/** A form that the server refuses for what the browser lets through. */
async function refusedUser(page) {
  await page.getByLabel('Name').fill('Twice')
  await page.getByLabel('E-mail').fill('max@acme.example')
  await page.getByRole('button', { name: 'Invite user' }).click()
  await page.getByRole('alert').waitFor()
}

async function refusedPartner(page) {
  await page.getByLabel('Company').fill('Bad telephone')
  await page.getByLabel('Telephone').fill('call me')
  await page.getByRole('button', { name: 'Add partner' }).click()
  await page.getByRole('alert').waitFor()
}

/** Opens a page in its state. */
export async function open(page, { path, open: into }) {
  await page.goto(path)
  await page.locator('html.script').waitFor()
  if (into) await into(page)
}

/** Visits every page in one look, each as whom it is for. */
export async function everyPlace(browser, world, look, visit) {
  const people = [
    [outside, async () => {}],
    [pagesOf(world), (page) => signIn(page)],
    [memberPages, (page) => signIn(page, member)],
    [carefulPages(world), (page) => signInCarefully(page, world)],
  ]
  for (const [places, enter] of people) {
    const { page, close } = await visitor(browser, world.server.base, look)
    await enter(page)
    for (const place of places) await visit(page, place)
    await close()
  }
}
