"""``python -m semid`` is the command line tool."""

from semid._cli import main

if __name__ == "__main__":
    main()
