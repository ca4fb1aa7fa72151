"""A filing's accounts as figures: line items by concept and period, each with the cell and the row label that it was read from."""

from longdoc_pipelines.accounts.concepts import CONCEPTS, Concept, concept_of
from longdoc_pipelines.accounts.periods import Period
from longdoc_pipelines.accounts.read import Accounts, read_accounts
from longdoc_pipelines.accounts.records import Amount, Line

__all__ = ["CONCEPTS", "Accounts", "Amount", "Concept", "Line", "Period", "concept_of", "read_accounts"]
