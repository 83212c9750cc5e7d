"""``python -m visavis`` is the command line."""

from visavis.cli import main

if __name__ == "__main__":
    main()
