"""The tables of the rewards room, by what they are about."""

from rewards.benefits.models import Benefit, BenefitGrant, BenefitUse, TokenKey
from rewards.carts.models import CartPayment, CartRefund
from rewards.models.catalogue import CodePool, PoolCode, Redemption, Reward, RewardFile, RewardStock
from rewards.models.handing import Donation, Fulfilment, StoreCredit, StoreCreditLine, WaitingPlace
from rewards.models.poolimports import PoolImport, PoolImportReject
from rewards.models.vouchers import GuessCount, Voucher, VoucherUse

# The tables of rewards/suppliers, so that Django finds them.
from rewards.suppliers import models as suppliers

__all__ = [
    "Benefit",
    "BenefitGrant",
    "BenefitUse",
    "CartPayment",
    "CartRefund",
    "CodePool",
    "Donation",
    "Fulfilment",
    "GuessCount",
    "PoolCode",
    "PoolImport",
    "PoolImportReject",
    "Redemption",
    "Reward",
    "RewardFile",
    "RewardStock",
    "StoreCredit",
    "StoreCreditLine",
    "TokenKey",
    "Voucher",
    "VoucherUse",
    "WaitingPlace",
    "suppliers",
]
