/** Writes SVG (https://www.w3.org/TR/SVG11/): as little of it as plots need. */
export class Svg {
  readonly #width: number;
  readonly #height: number;
  readonly #elements: string[] = [];

  /** In pixels. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
  }

  rectangle(x: number, y: number, width: number, height: number, fill: string): this {
    return this.#add('rect', { x, y, width, height, fill });
  }

  line(x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): this {
    return this.#add('line', { x1, y1, x2, y2, stroke, 'stroke-width': width });
  }

  /** A line through points. */
  path(points: readonly (readonly [x: number, y: number])[], stroke: string): this {
    const d = points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
    return this.#add('path', { d, fill: 'none', stroke, 'stroke-width': 1.5 });
  }

  /** @param anchor - Which end of the text stands at `x`. */
  text(
    x: number,
    y: number,
    text: string,
    anchor: 'start' | 'middle' | 'end' = 'start',
    size = 12,
  ): this {
    const attributes = { x, y, 'text-anchor': anchor, 'font-size': size };
    this.#elements.push(`<text${write(attributes)}>${escape(text)}</text>`);
    return this;
  }

  encode(): string {
    const size = { width: this.#width, height: this.#height };
    const box = { viewBox: `0 0 ${this.#width} ${this.#height}` };
    const font = { 'font-family': 'system-ui, sans-serif', fill: ink };
    return [
      `<svg xmlns="http://www.w3.org/2000/svg"${write({ ...size, ...box, ...font })}>`,
      `<rect${write({ ...size, fill: 'white' })}/>`,
      ...this.#elements,
      '</svg>',
      '',
    ].join('\n');
  }

  #add(name: string, attributes: Readonly<Record<string, string | number>>): this {
    this.#elements.push(`<${name}${write(attributes)}/>`);
    return this;
  }
}

/** Of texts and axes. */
export const ink = '#222';
/** Of lines behind the figures. */
export const grey = '#ddd';
/** Told apart by those who see few colours, too (Okabe and Ito 2008). */
export const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9'] as const;

function write(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(
      ([name, value]) => ` ${name}="${typeof value === 'number' ? round(value) : escape(value)}"`,
    )
    .join('');
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
