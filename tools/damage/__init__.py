"""Small valid files of every format that tombola reads, and ways to damage them."""
