"""Pictures of tidy frames. This room knows no result class and is the only one that imports matplotlib or seaborn."""
