"""Everything that can die is killed while people work: nothing acknowledged may be missing."""
