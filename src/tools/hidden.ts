// Whether an element's text can be seen on the page. Text that is there for machines only is where instructions to
// models are hidden, so it never reaches one. Judged from attributes, inline styles and simple rules of style elements.

/** Classes and ids that the page's own style sheets hide. */
export interface HiddenNames {
  readonly classes: Set<string>
  readonly ids: Set<string>
}

export const noHiddenNames = (): HiddenNames => ({ classes: new Set(), ids: new Set() })

const MAX_STYLE_UNITS = 300_000

/** Learns from a style element. Only plain `.class` and `#id` selectors outside of conditions count. */
export function learnHidden(css: string, names: HiddenNames): void {
  const plain = withoutConditions(css.slice(0, MAX_STYLE_UNITS).replace(/\/\*[\s\S]*?\*\//g, ''))
  for (const rule of plain.split('}')) {
    const brace = rule.indexOf('{')
    if (brace < 0 || !hidesByStyle(rule.slice(brace + 1))) continue
    for (const selector of rule.slice(0, brace).split(',')) {
      const match = /^\s*[a-z]*([.#])([\w-]+)\s*$/i.exec(selector)
      if (match?.[1] === '.') names.classes.add(match[2] as string)
      else if (match) names.ids.add(match[2] as string)
    }
  }
}

/** `@media` blocks and the like apply to some readers only. */
function withoutConditions(css: string): string {
  let kept = ''
  let depth = 0
  let condition = -1
  for (let i = 0; i < css.length; i++) {
    const unit = css[i] as string
    if (unit === '@' && depth === 0 && condition < 0) condition = 0
    if (unit === '{') depth++
    if (condition < 0) kept += unit
    if (unit === '}') {
      depth = Math.max(0, depth - 1)
      if (depth === 0) condition = -1
    } else if (unit === ';' && depth === 0) {
      condition = -1
    }
  }
  return kept
}

/** Whether the element's own attributes hide it. */
export function isHidden(attributes: ReadonlyMap<string, string>, names: HiddenNames): boolean {
  if (attributes.has('hidden') && attributes.get('hidden')?.toLowerCase() !== 'until-found') return true
  if (attributes.get('aria-hidden')?.trim().toLowerCase() === 'true') return true
  if (attributes.get('type')?.toLowerCase() === 'hidden') return true
  const id = attributes.get('id')
  if (id !== undefined && names.ids.has(id)) return true
  const classes = attributes.get('class')
  if (classes !== undefined && names.classes.size > 0 && classes.split(/\s+/).some((name) => names.classes.has(name))) return true
  const style = attributes.get('style')
  return style !== undefined && hidesByStyle(style)
}

export function hidesByStyle(style: string): boolean {
  const values = new Map<string, string>()
  for (const declaration of style.toLowerCase().split(';')) {
    const colon = declaration.indexOf(':')
    if (colon > 0)
      values.set(
        declaration.slice(0, colon).trim(),
        declaration
          .slice(colon + 1)
          .replace('!important', '')
          .trim(),
      )
  }
  if (values.size === 0) return false
  return byBox(values) || byInk(values) || byPlace(values)
}

const isZero = (value: string | undefined): boolean => value !== undefined && /^-?0*\.?0+(?:[a-z]+|%)?$/.test(value)

/** So small that nobody reads it: up to two pixels or points. */
const isTiny = (value: string | undefined): boolean =>
  value !== undefined && (isZero(value) || /^(?:[01](?:\.\d+)?|\.\d+)(?:px|pt)$/.test(value) || /^0?\.0\d*r?em$/.test(value))

function byBox(values: ReadonlyMap<string, string>): boolean {
  if (values.get('display') === 'none' || values.get('content-visibility') === 'hidden') return true
  if (values.get('visibility') === 'hidden' || values.get('visibility') === 'collapse') return true
  const clipped = values.get('overflow')?.startsWith('hidden') || values.get('overflow')?.startsWith('clip')
  const none = [values.get('width'), values.get('height'), values.get('max-width'), values.get('max-height')].some((value) => isTiny(value))
  return clipped === true && none
}

function byInk(values: ReadonlyMap<string, string>): boolean {
  const opacity = values.get('opacity')
  if (opacity !== undefined && Number.parseFloat(opacity) <= 0.05) return true
  if (isTiny(values.get('font-size')) || /(?:^|\s)0(?:px|pt|em|rem|%)?(?:\/|\s)/.test(values.get('font') ?? '')) return true
  const color = values.get('color')?.replace(/\s/g, '')
  if (color === undefined) return false
  if (color === 'transparent' || /^rgba\(.*,0?\.?0+\)$/.test(color) || /^#(?:[0-9a-f]{3}0|[0-9a-f]{6}00)$/.test(color)) return true
  const background = (values.get('background-color') ?? values.get('background'))?.replace(/\s/g, '')
  return background !== undefined && sameColor(color, background)
}

const WHITE = /^(?:white|#fff|#ffffff|rgb\(255,255,255\))$/
const BLACK = /^(?:black|#000|#000000|rgb\(0,0,0\))$/
const sameColor = (a: string, b: string): boolean => a === b || (WHITE.test(a) && WHITE.test(b)) || (BLACK.test(a) && BLACK.test(b))

function byPlace(values: ReadonlyMap<string, string>): boolean {
  const far = (value: string | undefined): boolean => {
    const match = /^-(\d+(?:\.\d+)?)(px|em|rem|vw|vh|%)?$/.exec(value ?? '')
    if (match === null) return false
    const amount = Number(match[1])
    return match[2] === 'px' || match[2] === undefined
      ? amount >= 500
      : match[2] === 'em' || match[2] === 'rem'
        ? amount >= 50
        : amount >= 100
  }
  const placed = values.get('position') === 'absolute' || values.get('position') === 'fixed'
  if (placed && [values.get('left'), values.get('top'), values.get('right'), values.get('bottom')].some(far)) return true
  if (far(values.get('text-indent')) || far(values.get('margin-left')) || far(values.get('margin-top'))) return true
  if (/^rect\((?:[01](?:px)?[,\s]*){4}\)$/.test(values.get('clip') ?? '') || /^inset\((?:50|100)%/.test(values.get('clip-path') ?? ''))
    return true
  return /scale[xy]?\(\s*0(?:\.0+)?\s*[),]/.test(values.get('transform') ?? '')
}
