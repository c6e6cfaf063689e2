// An account as it is after some months: people, partners, leads, and keys in every state.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Server } from './server.js'

export const password = 'correct horse battery'
export const admin = { name: 'Ann Archer', email: 'ann@acme.example' }
export const member = { name: 'Max Member', email: 'max@acme.example' }

const scopes = (...names) => names.flatMap((name) => ['--scope', name])
const of = ['--account', 'acme']

/** A server with an account and its admin, and nothing else. */
export async function newAccount() {
  const server = await Server.start()
  await server.run('account', 'create', '--name', 'Acme Leads', '--slug', 'acme')
  const person = ({ name, email }, role) =>
    server.runWith(`${password}\n`, 'user', 'create', ...of, '--email', email, '--name', name, '--role', role)
  await person(admin, 'admin')
  await person(member, 'member')
  return server
}

/** Makes a key; the answer has its id and its secret. */
export const makeKey = (server, name, ...line) => server.run('key', 'create', ...of, '--name', name, ...line)

/** A receiver of hooks that takes none of them: its address. It does not keep the process alive. */
async function deafReceiver() {
  const receiver = createServer((_, answer) => { answer.statusCode = 500; answer.end('not today') }).listen(0, '127.0.0.1').unref()
  await once(receiver, 'listening')
  return `http://127.0.0.1:${receiver.address().port}/new-lead`
}

/** Waits until a subscription has a delivery with an attempt, and answers it. */
async function firstDelivery(server, hook) {
  for (let waited = 0; waited < 10_000; waited += 100) {
    const deliveries = await server.run('hook', 'deliveries', ...of, String(hook.id))
    const tried = deliveries.find(({ attempt_count: count }) => count > 0)
    if (tried) return tried
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('nothing was delivered')
}

/** A server with an account that is in use. */
export async function busyAccount() {
  const server = await newAccount()
  const partner = (kind, company) =>
    server.run('partner', 'create', ...of, '--kind', kind, '--company', company, '--link-lead-group', 'General')
  const north = await partner('introducer', 'North Homes')
  const south = await partner('partner', 'South Loans & Sons')
  await partner('both', '<script>alert(1)</script>')
  const full = await makeKey(server, 'Back office', '--kind', 'full', ...scopes('create_leads', 'read_leads', 'update_delete_leads'))
  const zap = await makeKey(server, 'North Homes Zap', '--kind', 'partner', '--partner', String(north.id), ...scopes('create_leads', 'read_leads'))
  await makeKey(server, 'Reports', '--kind', 'full', ...scopes('read_leads'))
  await makeKey(server, '<b>Bold</b> key', '--kind', 'full', ...scopes('read_leads'), '--expires', tomorrow())
  await makeKey(server, 'South Loans', '--kind', 'partner', '--partner', String(south.id), ...scopes('read_leads'))
  const old = await makeKey(server, 'Old web site', '--kind', 'full', ...scopes('create_leads'))
  await server.run('key', 'delete', ...of, String(old.id), '--reason', 'The site is gone')
  const turning = await makeKey(server, 'Turning', '--kind', 'full', ...scopes('create_leads'))
  await server.run('key', 'rotate', ...of, String(turning.id), '--overlap', '24h')
  const target = await deafReceiver()
  const hook = await server.run('hook', 'create', ...of, '--target', target, '--event', 'lead.created')
  await server.api(zap.secret, 'POST', '/hooks', { target_url: target, events: ['lead.created'] })
  for (let number = 1; number <= 12; number += 1) {
    const lead = { firstname: 'Iris', lastname: `Lead ${number}`, email: `iris${number}@example.com`, source: 'google' }
    await server.api(number % 2 ? zap.secret : full.secret, 'POST', '/leads', lead)
  }
  await server.api(zap.secret, 'GET', '/users')
  await server.api(zap.secret, 'GET', '/leads')
  const delivery = await firstDelivery(server, hook)
  const people = await server.run('user', 'list', ...of)
  return { server, north, south, full, zap, old, turning, hook, delivery, person: people.find(({ email }) => email === member.email) }
}

/** A moment a day from now, as the command line takes it. */
export const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString()

/** Signs a person in. */
export async function signIn(page, { email } = admin) {
  await page.goto('/sign-in')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
}
