"""Videos: files, their frames, the faces in them, and where a person is in them."""
