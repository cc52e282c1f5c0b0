"""What was spent: which lines are set against which effect, by whom paid, and what a stage of the pathway cost."""
