declare class Widget {
  constructor(name: string);
  render(target: Element): void;
  static create(name: string): Widget;
}

export declare const version: string;
export declare function mount(widget: Widget): void;
