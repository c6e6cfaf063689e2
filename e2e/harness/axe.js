// axe on the page as it stands, dialogs included.
import assert from 'node:assert/strict'
import axe from 'axe-core'

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Asserts that axe finds nothing on the page. */
export const accessible = (page, where) => found(page, where, { runOnly: { type: 'tag', values: tags } })

/** Asserts that axe finds nothing that depends on colours: what is left to ask in the other theme. */
export const legible = (page, where) => found(page, where, { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } })

async function found(page, where, options) {
  await page.evaluate(() => 'axe' in globalThis) || await page.evaluate(axe.source)
  const { violations } = await page.evaluate((chosen) => globalThis.axe.run(document, chosen), options)
  const all = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join('\n  ')}`)
  assert.deepEqual(all, [], where)
}

/** Asserts that nothing but code and tab rows scrolls sideways. */
export async function fits(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${where} is ${wide} px wider than the window`)
}
