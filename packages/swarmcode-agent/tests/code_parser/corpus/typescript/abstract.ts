export abstract class Job<T> extends Base<T> implements Runs, Stops {
  abstract run(): Promise<T>;
  protected abstract stop(reason: string): void;

  describe(): string {
    return "job";
  }
}
