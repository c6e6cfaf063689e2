// What must not happen: members in the configuration, forms that no page of ours made, script in names.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, visitor } from '../harness/browser.js'
import { busyAccount, growOld, member, password, signIn, signInCarefully } from '../harness/world.js'

const home = '/settings/configuration/access-keys'
let browser
let world
before(async () => { [browser, world] = await Promise.all([launch(), busyAccount()]) })
after(async () => { await browser?.close(); await world?.server.stop() })

test('a member cannot reach the configuration', async () => {
  const { page, close } = await visitor(browser, world.server.base)
  await signIn(page, member)
  assert.equal(await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Access Keys' }).count(), 0)
  for (const path of [home, `${home}/add`, `${home}/${world.full.id}`, `${home}/${world.full.id}/delete`, '/partners', '/audit-trail', '/settings/users']) {
    const answer = await page.goto(path)
    assert.equal(answer.status(), 403, path)
  }
  await close()
})

test('nobody reaches a page without signing in, and comes back to it afterwards', async () => {
  const { page, close } = await visitor(browser, world.server.base)
  await page.goto(`${home}?status=deleted`)
  await page.waitForURL(/\/sign-in\?next=/)
  const answer = await page.request.get(home, { maxRedirects: 0, headers: { authorization: `Bearer ${world.full.secret}` } })
  assert.ok([302, 303].includes(answer.status()), 'a key never opens a page')
  await close()
})

test('a form without its token is refused and changes nothing', async () => {
  const { page, close } = await visitor(browser, world.server.base)
  await signIn(page)
  const answer = await page.request.post(`${home}/${world.full.id}/delete`, { form: { reason: 'forged' } })
  assert.equal(answer.status(), 403)
  assert.equal((await world.server.api(world.full.secret, 'GET', '/whoami')).status, 200)
  await close()
})

test('script in names is shown as text', async () => {
  const { page, close } = await visitor(browser, world.server.base)
  await signIn(page)
  let ran = false
  page.on('dialog', (dialog) => { ran = true; dialog.dismiss() })
  await page.goto('/partners')
  await page.getByRole('link', { name: '<script>alert(1)</script>', exact: true }).waitFor()
  await page.goto(home)
  await page.getByRole('link', { name: '<b>Bold</b> key', exact: true }).waitFor()
  await page.goto(`${home}/add?kind=partner`)
  await page.getByRole('combobox', { name: 'Partner/Introducer' }).fill('script')
  await page.getByRole('option', { name: /<script>/ }).waitFor()
  assert.equal(ran, false)
  await close()
})

test('without script: a key is made, shown once and deleted', async () => {
  const { page, close } = await visitor(browser, world.server.base, { script: false })
  await signIn(page)
  await page.goto(`${home}/add?kind=full`)
  await page.getByLabel('Name', { exact: true }).fill('No script')
  await page.getByRole('checkbox', { name: /Read leads/ }).check()
  await page.locator('.form-foot').getByRole('button', { name: 'Create Key' }).click()
  const secret = (await page.getByLabel('The key', { exact: true }).innerText()).trim()
  assert.equal((await world.server.api(secret, 'GET', '/whoami')).status, 200)
  await page.getByRole('checkbox', { name: 'I have stored it' }).check()
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('link', { name: 'Delete No script' }).click()
  await page.getByRole('button', { name: 'Delete Key' }).click()
  assert.equal((await world.server.api(secret, 'GET', '/whoami')).status, 401)
  await close()
})

test('with an authenticator app and an old password a Full key is made, and no preview carries either', async () => {
  const { page, close } = await visitor(browser, world.server.base)
  await signInCarefully(page, world)
  const previews = []
  page.on('request', (request) => { if (request.url().endsWith('/preview')) previews.push(request.postData()) })
  await page.goto(`${home}/add?kind=full`)
  await page.getByLabel('Your password').pressSequentially(password, { delay: 30 })
  await page.getByRole('textbox', { name: /^Code of your/ }).fill(world.recoveryCodes.pop())
  await page.getByRole('checkbox', { name: /Read leads/ }).check()
  await page.getByRole('complementary', { name: 'What this key would do' }).getByText(/every lead/).waitFor()
  await page.locator('.form-foot').getByRole('button', { name: 'Create Key' }).click()
  const secret = (await page.getByRole('textbox', { name: 'The key' }).innerText()).trim()
  assert.equal((await world.server.api(secret, 'GET', '/whoami')).status, 200)
  assert.ok(previews.length > 0, 'there was a preview')
  for (const body of previews) assert.ok(!/password|code=/.test(body) && !body.includes(encodeURIComponent(password)), body)
  await growOld(world.server)
  await page.goto(`${home}/add?kind=partner&partner=${world.north.id}`)
  await page.getByRole('checkbox', { name: /Read leads/ }).check()
  await page.locator('.form-foot').getByRole('button', { name: 'Create Key' }).click()
  await page.getByRole('textbox', { name: 'The key' }).waitFor()
  await close()
})
