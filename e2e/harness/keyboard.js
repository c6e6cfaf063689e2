// A walk through a page by the Tab key alone.
import assert from 'node:assert/strict'

/** All that can be pressed or filled in and is shown, by a number that is put on each. */
function mark() {
  const selector = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]'
  const open = [...document.querySelectorAll('dialog[open]')].filter((dialog) => dialog.matches(':modal')).at(-1)
  const shown = [...(open ?? document).querySelectorAll(selector)].filter((element) => {
    const one = element.type === 'radio' && !element.checked && document.querySelector(`input[name="${CSS.escape(element.name)}"]:checked`)
    return !element.disabled && !one && element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true })
  })
  const radios = new Set()
  const stops = shown.filter((element) => {
    if (element.type !== 'radio' || element.checked) return true
    const seen = radios.has(element.name)
    radios.add(element.name)
    return !seen
  })
  stops.forEach((element, number) => { element.dataset.stop = String(number) })
  return stops.map((element) => element.outerHTML.slice(0, 120))
}

/** Where the focus is, and whether it can be seen. */
function focused() {
  const element = document.activeElement
  if (!element || element === document.body) return null
  const shown = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1
  const around = [element, element.closest('label'), element.nextElementSibling, element.parentElement].filter(Boolean)
  return { stop: element.dataset.stop ?? null, ring: around.some((own) => shown(getComputedStyle(own))), html: element.outerHTML.slice(0, 120) }
}

/** Asserts that Tab reaches everything on the page, in some order, with a ring that shows where it is. */
export async function walk(page, where) {
  const stops = await page.evaluate(mark)
  assert.ok(stops.length > 0, `${where} has nothing to reach`)
  await page.evaluate(() => document.activeElement?.blur())
  const seen = new Set()
  const hidden = []
  for (let pressed = 0; pressed < stops.length + 20 && seen.size < stops.length; pressed += 1) {
    await page.keyboard.press('Tab')
    const at = await page.evaluate(focused)
    if (!at) continue
    if (!at.ring) hidden.push(at.html)
    if (at.stop !== null) seen.add(Number(at.stop))
  }
  const missed = stops.filter((_, number) => !seen.has(number))
  assert.deepEqual({ missed, hidden }, { missed: [], hidden: [] }, where)
}
