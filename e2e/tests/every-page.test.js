// Every page and dialog: axe finds nothing in either theme, nothing scrolls sideways, the keyboard reaches all of it, and no
// link leads nowhere.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessible, fits, legible } from '../harness/axe.js'
import { launch, visitor } from '../harness/browser.js'
import { walk } from '../harness/keyboard.js'
import { everyPlace, open, pagesOf } from '../harness/pages.js'
import { busyAccount, newAccount, signIn } from '../harness/world.js'

let browser
let world
before(async () => { [browser, world] = await Promise.all([launch(), busyAccount()]) })
after(async () => { await browser?.close(); await world?.server.stop() })

/** Holds a page to all of it, and answers what it found. */
async function hold(page, where) {
  const found = []
  const check = (result) => result.catch((error) => found.push(error.message))
  await check(fits(page, where))
  await check(accessible(page, `${where}, light`))
  await page.emulateMedia({ colorScheme: 'dark' })
  await check(legible(page, `${where}, dark`))
  await page.emulateMedia({ colorScheme: 'light' })
  await check(walk(page, where))
  return found
}

test('every page', { concurrency: 2 }, async (every) => {
  await Promise.all([1280, 360].map((width) => every.test(`at ${width} px`, async () => {
    const found = []
    await everyPlace(browser, world, { width }, async (page, place) => {
      await open(page, place)
      found.push(...await hold(page, `${place.name}, ${width}`))
    })
    assert.equal(found.length, 0, found.join('\n\n'))
  })))
})

test('no link leads nowhere', async () => {
  const { page, close } = await visitor(browser, world.server.base)
  await signIn(page)
  const seen = new Set()
  const dead = []
  for (const place of pagesOf(world)) {
    await open(page, place)
    const links = await page.locator('a[href]').evaluateAll((all) => all.map((link) => link.href.split('#')[0]))
    for (const link of new Set(links)) {
      if (seen.has(link) || link === '') continue
      seen.add(link)
      const { status } = await page.evaluate((href) => fetch(href).then(({ status }) => ({ status })), link)
      if (status >= 400) dead.push(`${link} on ${place.name}: ${status}`)
    }
  }
  assert.deepEqual(dead, [])
  assert.ok(seen.size > 100, `${seen.size} links`)
  await close()
})

test('the empty account', async () => {
  const server = await newAccount()
  const { page, close } = await visitor(browser, server.base)
  await signIn(page)
  for (const path of ['/', '/settings/configuration/access-keys', '/partners', '/settings/configuration/webhooks']) {
    await open(page, { path })
    assert.deepEqual(await hold(page, `empty ${path}`), [])
  }
  await close()
  await server.stop()
})
