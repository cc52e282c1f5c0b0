"""The answer in the style of the Justice Data Lab."""
