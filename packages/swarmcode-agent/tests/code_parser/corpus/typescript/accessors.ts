class Temperature {
  private static instance?: Temperature;
  private degrees = 0;

  get celsius(): number { return this.degrees; }
  set celsius(value: number) { this.degrees = value; }

  static get(): Temperature {
    return (Temperature.instance ??= new Temperature());
  }
}
