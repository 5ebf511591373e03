(** How far the quantal response moves when the action values change (C3).

    If [q' - q] is within [M] of a constant, so its span is at most [2 M], then
      |response q' - response q|_1 <= 2 tanh (eta M / 2) <= eta M,
    and the total variation, half of it, is at most [tanh (eta span / 4)]. *)
From Coq Require Import Reals List Lra Psatz.
From ExactQSE Require Import Sums Gibbs.
Import ListNotations.
Open Scope R_scope.

(** [(e^z - 1) / (e^z + 1)], which is [tanh (z / 2)], is at most [z / 2]. *)
Lemma pade_bound z : 0 <= z -> 0 <= (z - 2) * exp z + (z + 2).
Proof.
  intros [Hz|<-]; [|rewrite exp_0; lra].
  destruct (MVT_cor2 (fun z => (z - 2) * exp z + (z + 2))
                     (fun z => (z - 1) * exp z + 1) 0 z Hz) as (c & E & Hc).
  - intros c _.
    replace ((c - 1) * exp c + 1) with ((1 - 0) * exp c + (c - 2) * exp c + (1 + 0)) by ring.
    apply (derivable_pt_lim_plus (fun z => (z - 2) * exp z) (fun z => z + 2)).
    + apply (derivable_pt_lim_mult (fun z => z - 2) exp).
      * apply (derivable_pt_lim_minus id (fun _ => 2)); [apply derivable_pt_lim_id|apply derivable_pt_lim_const].
      * apply derivable_pt_lim_exp.
    + apply (derivable_pt_lim_plus id (fun _ => 2)); [apply derivable_pt_lim_id|apply derivable_pt_lim_const].
  - cbv beta in E. rewrite exp_0 in E.
    assert (0 <= (c - 1) * exp c + 1).
    { assert (exp c * (1 - c) <= 1).
      { apply Rle_trans with (exp c * exp (- c)).
        - apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|].
          pose proof (exp_ineq1_le (- c)). lra.
        - rewrite <- exp_plus, Rplus_opp_r, exp_0. lra. }
      lra. }
    assert (0 <= ((c - 1) * exp c + 1) * (z - 0)) by (apply Rmult_le_pos; lra).
    lra.
Qed.

Lemma tanh_half_le z : 0 <= z -> (exp z - 1) / (exp z + 1) <= z / 2.
Proof.
  intros Hz. pose proof (exp_pos z). pose proof (pade_bound z Hz).
  apply Rmult_le_reg_r with (exp z + 1); [lra|].
  replace ((exp z - 1) / (exp z + 1) * (exp z + 1)) with (exp z - 1) by (field; lra).
  nra.
Qed.

Section TV.
Context {B : Type} (l : list B).

Lemma abs_chord lo hi r : lo <= r <= hi -> lo <= 1 <= hi -> lo < hi ->
  Rabs (r - 1) <= ((hi - r) * (1 - lo) + (r - lo) * (hi - 1)) / (hi - lo).
Proof.
  intros [H1 H2] [H3 H4] H.
  apply Rmult_le_reg_r with (hi - lo); [lra|].
  replace (((hi - r) * (1 - lo) + (r - lo) * (hi - 1)) / (hi - lo) * (hi - lo))
    with ((hi - r) * (1 - lo) + (r - lo) * (hi - 1)) by (field; lra).
  unfold Rabs; destruct Rcase_abs; nra.
Qed.

(** Reweighting a distribution by factors in [1/k, k] moves at most 2(k-1)/(k+1) of l1 mass. *)
Theorem reweighted_total_variation (p g : B -> R) k : simplex p l -> 1 <= k ->
  (forall b, In b l -> / k <= g b <= k) ->
  rsum (fun b => Rabs (p b * g b / mean p g l - p b)) l <= 2 * ((k - 1) / (k + 1)).
Proof.
  intros Hp Hk Hg. set (Z := mean p g l).
  assert (Hik : 0 < / k) by (apply Rinv_0_lt_compat; lra).
  assert (HZ1 : / k <= Z) by (apply mean_lower; [assumption|]; intros; now apply Hg).
  assert (HZ2 : Z <= k) by (apply mean_upper; [assumption|]; intros; now apply Hg).
  destruct Hk as [Hk|<-].
  2:{ rewrite Rinv_1 in *. replace (2 * ((1 - 1) / (1 + 1))) with 0 by field.
      rewrite (rsum_ext _ (fun _ => 0)); [rewrite rsum_zero; lra|].
      intros b Hb. assert (g b = 1) by (specialize (Hg b Hb); lra).
      assert (Z = 1) by lra. rewrite H, H0.
      replace (p b * 1 / 1 - p b) with 0 by field. apply Rabs_R0. }
  set (lo := / k / Z). set (hi := k / Z).
  assert (Hkk : / k * k = 1) by (field; lra).
  assert (HZp : 0 < Z) by lra.
  assert (HiZ : 0 < / Z) by now apply Rinv_0_lt_compat.
  assert (HZZ : Z * / Z = 1) by (field; lra).
  assert (Hlo : lo <= 1) by (unfold lo, Rdiv; nra).
  assert (Hhi : 1 <= hi) by (unfold hi, Rdiv; nra).
  assert (Hlh : lo < hi) by (unfold lo, hi, Rdiv; apply Rmult_lt_compat_r; nra).
  apply Rle_trans with
    (mean p (fun b => ((hi - g b / Z) * (1 - lo) + (g b / Z - lo) * (hi - 1)) / (hi - lo)) l).
  - apply rsum_le. intros b Hb. destruct Hp as [Hp0 _]. specialize (Hp0 b Hb).
    specialize (Hg b Hb).
    replace (p b * g b / Z - p b) with (p b * (g b / Z - 1)) by (field; lra).
    rewrite Rabs_mult, (Rabs_pos_eq (p b)) by assumption.
    apply Rmult_le_compat_l; [assumption|].
    apply abs_chord; try lra.
    unfold lo, hi, Rdiv. split; apply Rmult_le_compat_r; lra.
  - rewrite (mean_ext p _ (fun b =>
       (hi * (1 - lo) - lo * (hi - 1)) / (hi - lo) + (hi + lo - 2) / (hi - lo) / Z * g b))
      by (intros; field; lra).
    destruct Hp as [_ Hp1].
    rewrite mean_plus, mean_const, mean_scale by assumption. fold Z.
    (* left: 2 (k - Z)(Zk - 1) / (Z (k^2 - 1)); the difference is k (1 - Z)^2 >= 0 *)
    assert (Hk2 : 0 < k * k - 1) by nra.
    replace ((hi * (1 - lo) - lo * (hi - 1)) / (hi - lo) + (hi + lo - 2) / (hi - lo) / Z * Z)
      with (2 * (((k - Z) * (Z * k - 1)) / (Z * (k * k - 1)))).
    + apply Rmult_le_compat_l; [lra|].
      assert (HD : 0 < Z * (k * k - 1)) by (apply Rmult_lt_0_compat; lra).
      apply Rmult_le_reg_r with (Z * (k * k - 1)); [assumption|].
      replace ((k - Z) * (Z * k - 1) / (Z * (k * k - 1)) * (Z * (k * k - 1)))
        with ((k - Z) * (Z * k - 1)) by (field; lra).
      replace ((k - 1) / (k + 1) * (Z * (k * k - 1))) with (Z * (k - 1) * (k - 1)) by (field; lra).
      assert (0 <= k * ((1 - Z) * (1 - Z))) by (apply Rmult_le_pos; [lra|apply Rle_0_sqr]).
      nra.
    + unfold hi, lo. field. repeat split; try lra; nra.
Qed.

Hypothesis Hl : l <> [].
Variable eta : R.
Hypothesis Heta : 0 < eta.

Theorem response_total_variation q q' c M : 0 <= M ->
  (forall b, In b l -> Rabs (q' b - q b - c) <= M) ->
  rsum (fun b => Rabs (quantal l eta q' b - quantal l eta q b)) l
    <= 2 * ((exp (eta * M) - 1) / (exp (eta * M) + 1)).
Proof.
  intros HM H.
  set (g := fun b => exp (eta * (q' b - q b - c))).
  rewrite (rsum_ext _ (fun b => Rabs (quantal l eta q b * g b / mean (quantal l eta q) g l
                                      - quantal l eta q b))).
  - apply reweighted_total_variation; [now apply quantal_simplex|..].
    + rewrite <- exp_0. apply exp_mono. apply Rmult_le_pos; lra.
    + intros b Hb. specialize (H b Hb). unfold g. rewrite <- exp_Ropp.
      assert (- M <= q' b - q b - c <= M) by (unfold Rabs in H; destruct Rcase_abs in H; lra).
      split; apply exp_mono; [rewrite Ropp_mult_distr_r|]; apply Rmult_le_compat_l; lra.
  - intros b Hb. f_equal. f_equal.
    pose proof (partition_pos l Hl eta q) as HZ. pose proof (partition_pos l Hl eta q') as HZ'.
    assert (Eg : forall b, exp (eta * q b) * g b = exp (eta * q' b) * exp (- (eta * c))).
    { intros d. unfold g. rewrite <- !exp_plus. f_equal. ring. }
    assert (EA : mean (quantal l eta q) g l = partition l eta q' * exp (- (eta * c)) / partition l eta q).
    { unfold mean, quantal. rewrite (rsum_ext _ (fun a => exp (eta * q' a) * (exp (- (eta * c)) / partition l eta q))).
      - rewrite rsum_scale_r. unfold partition. unfold Rdiv. ring.
      - intros a Ha. unfold Rdiv.
        replace (exp (eta * q a) * / partition l eta q * g a) with (exp (eta * q a) * g a * / partition l eta q) by ring.
        rewrite Eg. ring. }
    rewrite EA. unfold quantal.
    replace (exp (eta * q b) / partition l eta q * g b) with (exp (eta * q b) * g b / partition l eta q)
      by (field; lra).
    rewrite Eg. pose proof (exp_pos (- (eta * c))). field. repeat split; lra.
Qed.

Corollary response_lipschitz q q' c M : 0 <= M ->
  (forall b, In b l -> Rabs (q' b - q b - c) <= M) ->
  rsum (fun b => Rabs (quantal l eta q' b - quantal l eta q b)) l <= eta * M.
Proof.
  intros HM H. eapply Rle_trans; [now apply response_total_variation with (c := c) (M := M)|].
  assert (0 <= eta * M) by (apply Rmult_le_pos; lra).
  pose proof (tanh_half_le (eta * M) H0). lra.
Qed.

Lemma tanh_exp z : tanh z = (exp (2 * z) - 1) / (exp (2 * z) + 1).
Proof.
  unfold tanh, sinh, cosh. replace (2 * z) with (z + z) by ring. rewrite exp_plus, exp_Ropp.
  pose proof (exp_pos z). field. repeat split; nra.
Qed.

(** C3: for values that change by amounts in [[low, low + span]]. *)
Theorem response_tanh q q' low span : 0 <= span ->
  (forall b, In b l -> low <= q' b - q b <= low + span) ->
  rsum (fun b => Rabs (quantal l eta q' b - quantal l eta q b)) l / 2 <= tanh (eta * span / 4).
Proof.
  intros Hs H.
  pose proof (response_total_variation q q' (low + span / 2) (span / 2) ltac:(lra)) as T.
  rewrite tanh_exp. replace (2 * (eta * span / 4)) with (eta * (span / 2)) by field.
  assert (forall b, In b l -> Rabs (q' b - q b - (low + span / 2)) <= span / 2).
  { intros b Hb. specialize (H b Hb). apply Rabs_le. lra. }
  specialize (T H0). lra.
Qed.
End TV.
