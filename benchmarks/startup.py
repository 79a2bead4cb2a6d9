"""How long until `racemate --help` answers."""

from timing import line, machine, seconds

RUNS = 9


def main() -> None:
    print(machine())
    seconds(["--help"])
    print(line("racemate --help", [seconds(["--help"]) for _ in range(RUNS)], aim=0.4))


if __name__ == "__main__":
    main()
