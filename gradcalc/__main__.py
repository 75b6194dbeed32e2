"""`python -m gradcalc`."""

from gradcalc.cli import main

if __name__ == "__main__":
    main()
