@Component({ selector: "app" })
export class App {
  @Input() title: string = "";

  @HostListener("click", ["$event"])
  onClick(event: Event) {
    return event;
  }

  constructor(@Inject(TOKEN) private token: string) {}
}
