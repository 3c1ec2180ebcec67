import { Injectable } from "./di";

export class Service implements Runs {
  private count = 0;

  constructor(private readonly name: string) {
    this.count = 1;
  }

  public async run(input: string): Promise<void> {
    await this.log(input);
  }

  private log(line: string): void {
    console.log(this.name, line);
  }
}
