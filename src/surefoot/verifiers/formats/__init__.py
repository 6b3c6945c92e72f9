"""Other people's verifiers: how each family writes its text and where its numbers are."""
