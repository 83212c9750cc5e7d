"""The web console: pages for the people who run this system and those who watch their work in it."""
